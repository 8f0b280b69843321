// The products of the demo shop, each a scene of its own. Lengths are in decimetres, more or less.
//
//     products NAME WIDTH HEIGHT SAMPLES OUT.pam [cut]
#include "studio.hpp"

#include <cstring>

/// A large key light from the left, a weaker one from the right, a strip behind: the usual three.
static void threeLights(Scene& s, float key = 9, float fill = 2.6f, float rim = 5) {
    s.boxes = {
        softbox({-4.2f, 5, 3.4f}, {0, 0.8f, 0}, 1.5f, 1.9f, V{1, 0.96f, 0.9f} * key),
        softbox({5, 3, 3}, {0, 0.8f, 0}, 1.1f, 1.8f, V{0.9f, 0.95f, 1} * fill),
        softbox({1.8f, 5.2f, -2.6f}, {0, 0.8f, 0}, 1.6f, 0.5f, V{1, 1, 1} * rim),
    };
}

struct Mug final : Scene {
    Lathe body{{{0, 0}, {0.5f, 0}, {0.62f, 0.02f}, {0.68f, 0.12f}, {0.7f, 0.5f}, {0.7f, 1},
        {0.69f, 1.42f}, {0.67f, 1.47f}, {0.63f, 1.45f}, {0.62f, 1}, {0.61f, 0.4f}, {0.55f, 0.14f},
        {0.3f, 0.1f}, {0, 0.1f}}};
    Mug() {
        name = "mug", threeLights(*this), paper = {0.76f, 0.70f, 0.62f};
        camera = {{-1.6f, 2.7f, 5.6f}, {0.12f, 0.66f, 0}, 22, 0.07f};
        low = {-0.9f, 0, -0.9f}, high = {1.5f, 1.6f, 0.9f};
    }
    float distance(V p) const override {
        V q = turn(p, 0.35f);
        float wall = body.at(p);
        V c = q - V{0.7f, 0.78f, 0};
        float ring = hypot2(hypot2(c.x * 1.12f, c.y * 0.95f) - 0.4f, c.z * 0.75f) - 0.075f;
        ring = std::max(ring, 0.63f - hypot2(p.x, p.z));
        return join(wall, ring, 0.09f) * 0.92f;
    }
    Surface surface(V p) const override {
        Surface s;
        float edge = 0.62f + 0.05f * std::sin(std::atan2(p.z, p.x) * 3) + 0.09f * fbm(p * 5);
        bool inside = hypot2(p.x, p.z) < 0.645f && p.y > 0.08f;
        float speck = step(0.72f, 0.78f, noise(p * 42)) * 0.7f + step(0.74f, 0.8f, noise(p * 95)) * 0.5f;
        V cream = mix(V{0.82f, 0.77f, 0.67f}, V{0.30f, 0.19f, 0.11f}, clamp(speck));
        V blue = mix(V{0.05f, 0.16f, 0.22f}, V{0.10f, 0.30f, 0.36f}, fbm(p * 7));
        V clay{0.42f, 0.27f, 0.18f};
        if (p.y < 0.16f && !inside) {
            s.albedo = clay * (0.85f + 0.3f * fbm(p * 30)), s.rough = 0.9f, s.coat = 0.02f;
        } else {
            float t = inside ? 1 : step(edge - 0.03f, edge + 0.03f, p.y);
            s.albedo = mix(blue, cream, t), s.rough = mix(0.16f, 0.24f, t), s.coat = 0.05f;
            if (p.y > 1.43f) s.albedo = mix(s.albedo, clay, 0.5f);
        }
        return s;
    }
    float relief(V p) const override { return 0.0012f * noise(p * 16) + 0.0022f * std::sin(p.y * 46); }
};

struct Bowl final : Scene {
    Lathe bowl{{{0, 0}, {0.5f, 0}, {0.56f, 0.05f}, {0.85f, 0.2f}, {1.14f, 0.46f}, {1.29f, 0.78f},
        {1.3f, 0.84f}, {1.26f, 0.84f}, {1.2f, 0.72f}, {1.04f, 0.47f}, {0.76f, 0.26f}, {0.4f, 0.15f},
        {0, 0.13f}}};
    V fruit[4]{{-0.42f, 0.66f, 0.18f}, {0.42f, 0.66f, 0.22f}, {0.02f, 0.68f, -0.5f}, {0.02f, 1.2f, 0.02f}};
    Bowl() {
        name = "bowl", threeLights(*this, 9.5f), paper = {0.50f, 0.57f, 0.54f};
        camera = {{0.6f, 3.1f, 6.2f}, {0, 0.62f, 0}, 24, 0.09f};
        low = {-1.4f, 0, -1.4f}, high = {1.4f, 1.8f, 1.4f};
    }
    int nearest(V p, float& d) const {
        int k = 0;
        d = 9;
        for (int i = 0; i < 4; i++) {
            V q = p - fruit[i];
            q.y *= 1.06f;
            float r = (length(q) - 0.42f + 0.05f * std::exp(-30 * (q.x * q.x + q.z * q.z)) * (q.y > 0)) * 0.9f;
            if (r < d) d = r, k = i;
        }
        return k;
    }
    float distance(V p) const override {
        float d;
        nearest(p, d);
        return std::min(d, bowl.at(p));
    }
    Surface surface(V p) const override {
        Surface s;
        float d;
        int k = nearest(p, d);
        if (d < bowl.at(p)) {
            V q = p - fruit[k];
            float t = fbm(p * 4 + V{(float)k, 0, 0});
            s.albedo = mix(V{0.86f, 0.30f, 0.02f}, V{0.90f, 0.42f, 0.04f}, t);
            if (k == 1) s.albedo = mix(V{0.85f, 0.62f, 0.08f}, V{0.80f, 0.66f, 0.14f}, t);
            float stem = std::exp(-220 * (q.x * q.x + q.z * q.z)) * (q.y > 0);
            s.albedo = mix(s.albedo, V{0.16f, 0.2f, 0.06f}, stem);
            s.rough = 0.38f, s.coat = 0.045f;
        } else {
            s.albedo = wood({p.x * 0.9f + 0.7f, p.y * 1.4f - 0.3f, p.z}, {0.55f, 0.33f, 0.16f}, {0.24f, 0.12f, 0.05f});
            s.rough = 0.42f, s.coat = 0.04f;
        }
        return s;
    }
    float relief(V p) const override {
        float d;
        nearest(p, d);
        return d < 0.01f ? 0.008f * noise(p * 34) : 0.001f * noise({p.x * 60, p.y * 60, p.z * 6});
    }
};

struct Carafe final : Scene {
    Lathe glass{{{0, 0}, {0.5f, 0}, {0.6f, 0.04f}, {0.64f, 0.2f}, {0.64f, 1.0f}, {0.58f, 1.4f},
        {0.36f, 1.75f}, {0.24f, 2.02f}, {0.225f, 2.4f}, {0.24f, 2.52f}, {0.275f, 2.58f}, {0.25f, 2.6f},
        {0.19f, 2.55f}, {0.165f, 2.4f}, {0.175f, 2.02f}, {0.3f, 1.72f}, {0.51f, 1.37f}, {0.57f, 1},
        {0.57f, 0.24f}, {0.5f, 0.15f}, {0.3f, 0.13f}, {0, 0.16f}}};
    Lathe tumbler{{{0, 0}, {0.3f, 0}, {0.36f, 0.03f}, {0.4f, 0.3f}, {0.44f, 0.85f}, {0.43f, 0.9f},
        {0.4f, 0.88f}, {0.355f, 0.3f}, {0.3f, 0.13f}, {0, 0.12f}}};
    Carafe() {
        name = "carafe", clear = true, threeLights(*this, 8, 3, 7), paper = {0.80f, 0.78f, 0.72f};
        camera = {{0.9f, 1.9f, 7}, {0.28f, 1.2f, 0}, 25, 0.06f};
        low = {-0.7f, 0, -0.7f}, high = {1.6f, 2.7f, 1.2f};
    }
    V shift{1.05f, 0.002f, 0.6f};
    float distance(V p) const override {
        return std::min(glass.at(p - V{0, 0.002f, 0}), tumbler.at(p - shift));
    }
    Surface surface(V) const override {
        Surface s;
        s.glass = true, s.index = 1.5f, s.absorb = {4.2f, 0.9f, 2.6f};
        return s;
    }
};

struct Vase final : Scene {
    Lathe body{{{0, 0}, {0.4f, 0}, {0.46f, 0.04f}, {0.7f, 0.45f}, {0.86f, 0.95f}, {0.8f, 1.45f},
        {0.5f, 1.95f}, {0.3f, 2.25f}, {0.29f, 2.42f}, {0.42f, 2.6f}, {0.4f, 2.63f}, {0.34f, 2.57f},
        {0.22f, 2.4f}, {0.23f, 2.2f}, {0.4f, 1.9f}, {0.7f, 1.4f}, {0.7f, 0.9f}, {0.3f, 0.3f}, {0, 0.2f}}};
    Vase() {
        name = "vase", threeLights(*this, 9, 1.8f, 6), paper = {0.70f, 0.47f, 0.38f};
        camera = {{0.3f, 2.3f, 8.4f}, {0, 1.78f, 0}, 28, 0.07f};
        low = {-1.3f, 0, -1.2f}, high = {1.3f, 4.4f, 1.2f};
    }
    static float fluted(V p) { return 0.022f * std::cos(std::atan2(p.z, p.x) * 34) * step(0.1f, 0.5f, p.y) * (1 - step(1.7f, 2.2f, p.y)); }
    float stems(V p) const {
        if (p.y < 1.8f) return 9;
        float d = rod(p, {0, 1.8f, 0}, {-0.5f, 3.7f, 0.1f}, 0.022f, 0.014f);
        d = std::min(d, rod(p, {0.05f, 1.8f, 0}, {0.42f, 3.9f, -0.1f}, 0.022f, 0.014f));
        return std::min(d, rod(p, {0, 1.8f, 0.05f}, {0.02f, 3.3f, 0.3f}, 0.02f, 0.012f));
    }
    float buds(V p) const {
        // Dried poppy heads, and one allium.
        auto head = [](V q, float r) {
            q.y *= 0.88f;
            float a = std::atan2(q.z, q.x);
            return (length(q) - r - 0.012f * std::cos(a * 9) * clamp(1 - std::fabs(q.y) / r)) * 0.85f;
        };
        float d = head(p - V{-0.5f, 3.82f, 0.1f}, 0.2f);
        d = std::min(d, disc(p - V{-0.5f, 4.06f, 0.1f}, 0.15f, 0.02f, 0.02f));
        d = std::min(d, head(p - V{0.42f, 4.02f, -0.1f}, 0.23f));
        d = std::min(d, disc(p - V{0.42f, 4.30f, -0.1f}, 0.17f, 0.02f, 0.02f));
        d = std::min(d, head(p - V{0.02f, 3.42f, 0.3f}, 0.17f));
        return std::min(d, disc(p - V{0.02f, 3.625f, 0.3f}, 0.13f, 0.018f, 0.018f));
    }
    float distance(V p) const override {
        float v = body.at(p);
        // Further away the flutes are only allowed for.
        if (v > 0.1f) v -= 0.03f;
        else if (hypot2(p.x, p.z) > 0.3f) v = (v - fluted(p)) * 0.7f;
        return std::min(v, std::min(stems(p), buds(p)));
    }
    Surface surface(V p) const override {
        Surface s;
        float v = body.at(p) - fluted(p);
        if (buds(p) < v && buds(p) < stems(p)) {
            s.albedo = mix(V{0.42f, 0.36f, 0.24f}, V{0.24f, 0.21f, 0.15f}, fbm(p * 12)), s.rough = 0.8f, s.coat = 0.02f;
        } else if (stems(p) < v) {
            s.albedo = {0.30f, 0.27f, 0.15f}, s.rough = 0.8f;
        } else {
            V white = V{0.80f, 0.79f, 0.75f} * (0.94f + 0.1f * fbm(p * 6));
            s.albedo = white, s.rough = 0.3f, s.coat = 0.05f;
            if (p.y < 0.1f) s.albedo = {0.55f, 0.45f, 0.36f}, s.rough = 0.9f;
        }
        return s;
    }
    float relief(V p) const override { return 0.0008f * noise(p * 30); }
};

struct Stool final : Scene {
    Stool() {
        name = "stool", threeLights(*this, 10, 3, 5), paper = {0.66f, 0.70f, 0.68f};
        for (auto& b : boxes) b.centre = b.centre + V{0, 0.6f, 0};
        camera = {{-1.9f, 3.5f, 8.6f}, {0, 1.16f, 0}, 23, 0.06f};
        low = {-1.4f, 0, -1.4f}, high = {1.4f, 2.6f, 1.4f};
    }
    V foot(int k) const { return {0.98f * std::cos(k * 2 * pi / 3 + 0.5f), 0.04f, 0.98f * std::sin(k * 2 * pi / 3 + 0.5f)}; }
    V top(int k) const { return {0.5f * std::cos(k * 2 * pi / 3 + 0.5f), 2.1f, 0.5f * std::sin(k * 2 * pi / 3 + 0.5f)}; }
    float seat(V p) const {
        float r2 = p.x * p.x + p.z * p.z;
        return disc(p - V{0, 2.2f - 0.07f * std::exp(-r2 * 1.6f), 0}, 1.0f, 0.1f, 0.07f) * 0.95f;
    }
    float legs(V p, int& which) const {
        float d = 9;
        for (int k = 0; k < 3; k++) {
            float l = rod(p, foot(k), top(k), 0.062f, 0.095f);
            if (l < d) d = l, which = k;
        }
        return std::max(d, -p.y + 0.002f);
    }
    float ring(V p) const { return torus(p - V{0, 0.75f, 0}, 0.79f, 0.032f); }
    float distance(V p) const override {
        int k;
        return std::min(seat(p), std::min(legs(p, k), ring(p)));
    }
    Surface surface(V p) const override {
        Surface s;
        int k = 0;
        float a = seat(p), b = legs(p, k), c = ring(p);
        V light{0.66f, 0.47f, 0.27f}, dark{0.42f, 0.26f, 0.13f};
        s.rough = 0.45f, s.coat = 0.04f;
        if (c < a && c < b) {
            s.metal = 1, s.albedo = {0.80f, 0.62f, 0.34f}, s.rough = 0.28f;
        } else if (a < b) {
            V q = turn(p, 0.5f);
            float plank = std::floor((q.x + 4) / 0.5f), edge = (q.x + 4) / 0.5f - plank;
            s.albedo = wood({q.x + cell((int)plank, 1, 1) * 2, q.y - 1.3f + plank * 0.37f, q.z + plank}, light, dark);
            if (edge < 0.012f || edge > 0.988f) s.albedo = s.albedo * 0.6f;
        } else {
            V q = p - foot(k);
            s.albedo = wood({q.x + 0.4f, q.z + 0.3f * k, q.y}, light * 0.9f, dark);
        }
        return s;
    }
    float relief(V p) const override { return 0.0008f * noise({p.x * 60, p.y * 60, p.z * 8}); }
};

struct Ball final : Scene {
    Ball() {
        name = "ball", threeLights(*this, 10, 2.4f, 7), paper = {0.60f, 0.62f, 0.66f};
        camera = {{-0.8f, 2.0f, 6}, {0, 0.97f, 0}, 26, 0.06f};
        low = {-1.1f, 0, -1.1f}, high = {1.1f, 2.1f, 1.1f};
    }
    static V own(V p) {
        V q = turn(p - V{0, 1, 0}, 0.5f);
        float c = std::cos(0.45f), s = std::sin(0.45f);
        return {q.x * c - q.y * s, q.x * s + q.y * c, q.z};
    }
    /// Distance to the nearest seam: eight meridian panels, and a cap at each pole.
    static float seam(V q, bool& cap) {
        float r = hypot2(q.x, q.z), a = std::atan2(q.z, q.x) / pi * 4;
        float d = std::fabs(a - std::round(a)) * pi / 4 * r, pole = std::fabs(r - 0.36f);
        cap = r < 0.36f;
        return cap ? pole : std::min(d, pole);
    }
    float distance(V p) const override {
        bool cap;
        V q = own(p);
        float d = length(q) - 1;
        if (d > 0.1f) return d - 0.01f;
        return (d + 0.03f * std::exp(-seam(q, cap) * 42)) * 0.75f;
    }
    Surface surface(V p) const override {
        Surface s;
        V q = own(p);
        bool cap;
        float d = seam(q, cap);
        int panel = (int)std::floor(std::atan2(q.z, q.x) / pi * 4 + 8);
        V tan = panel % 2 ? V{0.50f, 0.23f, 0.09f} : V{0.72f, 0.60f, 0.44f};
        if (cap) tan = {0.30f, 0.13f, 0.06f};
        s.albedo = tan * (0.78f + 0.45f * fbm(q * 6)), s.rough = 0.46f, s.coat = 0.04f;
        s.albedo = s.albedo * mix(0.45f, 1.f, step(0, 0.03f, d));
        // Stitches run beside each seam.
        float along = cap ? std::atan2(q.z, q.x) * 9 : q.y * 22;
        if (std::fabs(d - 0.045f) < 0.008f && along - std::floor(along) < 0.62f)
            s.albedo = {0.82f, 0.76f, 0.62f}, s.rough = 0.9f;
        return s;
    }
    float relief(V p) const override { return 0.004f * noise(p * 40) + 0.002f * noise(p * 90); }
};

struct Lamp final : Scene {
    Lathe foot{{{0, 0}, {0.62f, 0}, {0.68f, 0.04f}, {0.66f, 0.09f}, {0.3f, 0.16f}, {0.1f, 0.3f},
        {0.16f, 0.5f}, {0.4f, 0.8f}, {0.45f, 1.05f}, {0.36f, 1.3f}, {0.14f, 1.5f}, {0.06f, 1.62f},
        {0.05f, 2.0f}, {0, 2.0f}}};
    Lathe shade{{{0.98f, 1.66f}, {0.6f, 2.9f}, {0.57f, 2.9f}, {0.95f, 1.66f}}, false};
    Lamp() {
        name = "lamp", threeLights(*this, 2.2f, 0.9f, 1.5f), paper = {0.42f, 0.46f, 0.47f};
        sky = {0.035f, 0.04f, 0.05f}, exposure = 1.15f;
        bulbs = {{{0, 2.25f, 0}, 0.12f, {8.5f, 5.6f, 3.0f}}};
        camera = {{0.8f, 1.9f, 8.4f}, {0, 1.42f, 0}, 26, 0.06f};
        low = {-1.1f, 0, -1.1f}, high = {1.1f, 3, 1.1f}, depth = 2;
    }
    float distance(V p) const override {
        return std::min(std::min(foot.at(p), shade.at(p)), length(p - V{0, 2.25f, 0}) - 0.15f);
    }
    Surface surface(V p) const override {
        Surface s;
        if (length(p - V{0, 2.25f, 0}) < 0.16f) {
            s.emit = V{1, 0.75f, 0.45f} * 4, s.albedo = {};
        } else if (shade.at(p) < foot.at(p)) {
            float a = std::atan2(p.z, p.x);
            float weave = 0.82f + 0.18f * noise({a * 70, p.y * 12, 0}) + 0.12f * noise({a * 12, p.y * 90, 3});
            float t = std::exp(-(p.y - 2.2f) * (p.y - 2.2f) * 2.2f);
            bool hem = p.y > 2.85f || p.y < 1.71f;
            s.albedo = V{0.78f, 0.68f, 0.53f} * weave, s.rough = 0.95f, s.coat = 0;
            s.emit = V{1.0f, 0.60f, 0.27f} * (hem ? 0.12f : 0.22f + 0.75f * t) * weave;
        } else if (p.y > 0.24f && p.y < 1.52f) {
            V blue = mix(V{0.06f, 0.20f, 0.19f}, V{0.12f, 0.31f, 0.28f}, fbm(p * 6));
            s.albedo = blue, s.rough = 0.15f, s.coat = 0.06f;
        } else {
            s.metal = 1, s.albedo = {0.83f, 0.64f, 0.36f}, s.rough = 0.26f;
        }
        return s;
    }
    float relief(V p) const override {
        float a = std::atan2(p.z, p.x);
        return p.y > 1.64f && hypot2(p.x, p.z) > 0.4f ? 0.002f * noise({a * 60, p.y * 50, 0}) : 0.0008f * noise(p * 14);
    }
};

struct Candle final : Scene {
    Lathe stick{{{0, 0}, {0.6f, 0}, {0.64f, 0.03f}, {0.6f, 0.08f}, {0.3f, 0.14f}, {0.12f, 0.24f},
        {0.09f, 0.5f}, {0.16f, 0.62f}, {0.09f, 0.74f}, {0.1f, 0.95f}, {0.3f, 1.08f}, {0.44f, 1.14f},
        {0.44f, 1.18f}, {0.3f, 1.17f}, {0, 1.16f}}};
    Lathe wax{{{0, 1.1f}, {0.24f, 1.1f}, {0.26f, 1.2f}, {0.255f, 2.2f}, {0.23f, 2.27f}, {0.17f, 2.25f},
        {0.09f, 2.22f}, {0, 2.22f}}};
    V fire{0, 2.56f, 0};
    Candle() {
        name = "candle", threeLights(*this, 1.3f, 0.45f, 1.1f), paper = {0.34f, 0.27f, 0.25f};
        sky = {0.025f, 0.027f, 0.035f}, exposure = 1.3f;
        bulbs = {{{0, 2.56f, 0}, 0.08f, {8, 4.7f, 1.9f}}};
        camera = {{-0.7f, 1.8f, 7.6f}, {0, 1.43f, 0}, 26, 0.07f};
        low = {-1.6f, 0, -1.6f}, high = {1.6f, 2.95f, 1.2f}, depth = 2;
    }
    float flame(V p) const {
        V q = p - fire;
        float w = 0.085f * (1 - 0.75f * clamp(q.y / 0.26f)) + 0.005f;
        return rod(q, {0, -0.13f, 0}, {0, 0.2f, 0}, w * 0.9f, 0.006f) * 0.8f;
    }
    float wick(V p) const { return rod(p, {0, 2.2f, 0}, {0.01f, 2.42f, 0}, 0.014f, 0.012f); }
    /// Two tealights stand further back.
    float cup(V p) const {
        return std::min(disc(p - V{-1.15f, 0.14f, -0.7f}, 0.3f, 0.14f, 0.03f),
            disc(p - V{1.2f, 0.14f, -0.95f}, 0.3f, 0.14f, 0.03f));
    }
    float distance(V p) const override {
        return std::min(std::min(std::min(stick.at(p), wax.at(p)), std::min(flame(p), wick(p))), cup(p));
    }
    Surface surface(V p) const override {
        Surface s;
        float f = flame(p), w = wax.at(p), k = wick(p);
        if (f < w && f < k && f < 0.01f) {
            float t = clamp((p.y - 2.4f) / 0.3f);
            s.albedo = {}, s.coat = 0, s.emit = mix(V{1.0f, 0.42f, 0.10f}, V{1, 0.72f, 0.30f}, step(0, 0.6f, t)) * 3.2f;
        } else if (k < w && p.y > 2.23f) {
            s.albedo = {0.03f, 0.025f, 0.02f}, s.rough = 1;
        } else if (w < stick.at(p) && w < cup(p)) {
            float glow = std::exp((p.y - 2.27f) * 3.2f);
            s.albedo = {0.84f, 0.79f, 0.68f}, s.rough = 0.35f, s.emit = V{1, 0.5f, 0.18f} * (0.85f * glow);
        } else {
            s.metal = 1, s.albedo = {0.85f, 0.63f, 0.33f}, s.rough = 0.2f + 0.1f * noise(p * 5);
        }
        return s;
    }
    float relief(V p) const override { return 0.0012f * noise(p * 11); }
};

struct Globe final : Scene {
    V centre{0, 1.36f, 0};
    Globe() {
        name = "globe", threeLights(*this, 4, 1.4f, 3), paper = {0.36f, 0.44f, 0.53f};
        sky = {0.06f, 0.065f, 0.08f};
        bulbs = {{{0, 1.36f, 0}, 0.5f, {2.1f, 1.7f, 1.2f}}};
        camera = {{1.2f, 1.9f, 7.4f}, {0, 1.2f, 0}, 26, 0.06f};
        low = {-1.3f, 0, -1.3f}, high = {1.3f, 2.6f, 1.3f}, depth = 2;
    }
    float opal(V p) const { return length(p - centre) - 0.85f; }
    float brass(V p) const {
        V q = p - centre;
        float hoop = torus(V{q.x, q.z, q.y}, 1.0f, 0.035f);
        float pin = std::min(rod(p, {-1.05f, 1.36f, 0}, {-0.8f, 1.36f, 0}, 0.05f, 0.05f),
            rod(p, {1.05f, 1.36f, 0}, {0.8f, 1.36f, 0}, 0.05f, 0.05f));
        float foot = disc(p - V{0, 0.06f, 0}, 0.62f, 0.06f, 0.03f);
        float neck = rod(p, {0, 0.1f, 0}, {0, 0.38f, 0}, 0.06f, 0.06f);
        return std::min(std::min(hoop, pin), join(foot, neck, 0.12f));
    }
    float distance(V p) const override { return std::min(opal(p), brass(p)); }
    Surface surface(V p) const override {
        Surface s;
        if (opal(p) < brass(p)) {
            V n = unit(p - centre);
            float rim = clamp(dot(n, unit(camera.eye - p)));
            s.emit = V{1.0f, 0.86f, 0.66f} * (0.12f + 0.42f * rim * rim * (0.8f + 0.2f * n.y)), s.albedo = {0.3f, 0.3f, 0.3f};
            s.rough = 0.08f, s.coat = 0.05f;
        } else {
            s.metal = 1, s.albedo = {0.86f, 0.66f, 0.38f}, s.rough = 0.2f;
        }
        return s;
    }
    float relief(V p) const override { return brass(p) < 0.01f ? 0.0006f * noise(p * 30) : 0; }
};

struct Clock final : Scene {
    Clock() {
        name = "clock", threeLights(*this, 8.5f, 2.6f, 5), paper = {0.74f, 0.66f, 0.60f};
        camera = {{1.5f, 1.7f, 6.6f}, {0, 1.16f, 0}, 24, 0.06f};
        low = {-1.2f, 0, -0.6f}, high = {1.2f, 2.4f, 0.6f};
    }
    static V own(V p) {
        V q = p - V{0, 1.2f, 0};
        return {q.x, -q.z, q.y};  // the face looks along -y of the disc, towards +z of the room
    }
    float wall(V p) const {
        V q = own(p);
        float body = disc(q, 1.1f, 0.3f, 0.1f);
        return std::max(body, -disc(q + V{0, 0.3f, 0}, 0.97f, 0.08f, 0.02f));
    }
    float bezel(V p) const { return torus(own(p) + V{0, 0.3f, 0}, 1.0f, 0.05f); }
    float feet(V p) const {
        return std::min(rod(p, {-0.6f, 0.04f, 0.12f}, {-0.5f, 0.4f, 0.06f}, 0.06f, 0.09f),
            std::min(rod(p, {0.6f, 0.04f, 0.12f}, {0.5f, 0.4f, 0.06f}, 0.06f, 0.09f),
                rod(p, {0, 0.04f, -0.4f}, {0, 0.4f, -0.2f}, 0.06f, 0.09f)));
    }
    float hands(V p) const {
        float z = 0.27f;
        auto hand = [&](float hours, float len, float w, float lift) {
            float a = hours * pi / 6;
            V d{std::sin(a), std::cos(a), 0};
            V o{0, 1.2f, z + lift};
            return rod(p, o - d * (0.16f * len / 0.6f), o + d * len, w, w * 0.5f);
        };
        float d = std::min(hand(10.15f, 0.5f, 0.035f, 0), hand(1.8f, 0.78f, 0.026f, 0.035f));
        return std::min(d, length(p - V{0, 1.2f, z + 0.03f}) - 0.06f);
    }
    float second(V p) const {
        float a = 7.1f * pi / 6;
        V d{std::sin(a), std::cos(a), 0}, o{0, 1.2f, 0.335f};
        return rod(p, o - d * 0.22f, o + d * 0.8f, 0.011f, 0.008f);
    }
    float distance(V p) const override {
        return std::min(std::min(wall(p), bezel(p)), std::min(feet(p), std::min(hands(p), second(p))));
    }
    Surface surface(V p) const override {
        Surface s;
        float w = wall(p), b = bezel(p), f = feet(p), h = hands(p), c = second(p);
        if (c < 0.004f && c <= h) {
            s.albedo = {0.70f, 0.13f, 0.06f}, s.rough = 0.4f;
        } else if (h < w && h < b) {
            s.albedo = {0.03f, 0.035f, 0.045f}, s.rough = 0.3f;
        } else if (b < w || f < w) {
            s.metal = 1, s.albedo = {0.84f, 0.65f, 0.38f}, s.rough = 0.22f;
        } else {
            V q = p - V{0, 1.2f, 0};
            float r = hypot2(q.x, q.y), a = std::atan2(q.x, q.y) / (2 * pi) * 60;
            if (r < 0.965f && p.z > 0.1f) {
                s.albedo = V{0.84f, 0.81f, 0.73f} * (0.97f + 0.05f * noise(p * 40)), s.rough = 0.6f;
                float m = std::fabs(a - std::round(a)) / 60 * 2 * pi * r;
                bool hour = ((int)std::round(a) % 5 + 5) % 5 == 0, quarter = ((int)std::round(a) % 15 + 15) % 15 == 0;
                float inner = quarter ? 0.68f : hour ? 0.74f : 0.84f, half = quarter ? 0.03f : hour ? 0.018f : 0.006f;
                if (m < half && r > inner && r < 0.9f) s.albedo = {0.05f, 0.06f, 0.08f};
            } else {
                s.albedo = wood({p.x + 0.3f, p.z * 1.5f, p.y + 3}, {0.36f, 0.19f, 0.10f}, {0.17f, 0.08f, 0.04f});
                s.rough = 0.25f, s.coat = 0.05f;
            }
        }
        return s;
    }
};

struct Books final : Scene {
    struct Book {
        float y, w, h, d, angle, dx;
        V cloth;
        float c = std::cos(angle), s = std::sin(angle);
    };
    std::vector<Book> books{
        {0.000f, 1.25f, 0.17f, 0.90f, 0.10f, 0, {0.08f, 0.16f, 0.24f}},
        {0.342f, 1.16f, 0.13f, 0.84f, -0.16f, 0.04f, {0.56f, 0.16f, 0.10f}},
        {0.604f, 1.20f, 0.20f, 0.80f, 0.22f, -0.05f, {0.74f, 0.66f, 0.50f}},
        {1.006f, 1.02f, 0.11f, 0.74f, -0.06f, 0.03f, {0.16f, 0.29f, 0.22f}},
        {1.228f, 0.94f, 0.15f, 0.68f, 0.34f, 0, {0.72f, 0.46f, 0.12f}},
    };
    Books() {
        name = "books", threeLights(*this, 9, 2.4f, 5), paper = {0.72f, 0.74f, 0.76f};
        camera = {{-1.5f, 2.5f, 6.6f}, {0, 0.76f, 0}, 23, 0.09f};
        camera.focus = 6.1f;
        low = {-1.7f, 0, -1.4f}, high = {1.7f, 1.8f, 1.4f};
    }
    V own(const Book& b, V p) const {
        p = p - V{b.dx, b.y + b.h, 0};
        return {b.c * p.x + b.s * p.z, p.y, b.c * p.z - b.s * p.x};
    }
    float cover(const Book& b, V q) const {
        float spine = b.d;  // the spine looks to the front (+z)
        float top = box(q - V{0, b.h - 0.018f, 0}, {b.w, 0.018f, b.d}, 0.012f);
        float bottom = box(q + V{0, b.h - 0.018f, 0}, {b.w, 0.018f, b.d}, 0.012f);
        float back = box(q - V{0, 0, spine - 0.02f}, {b.w, b.h, 0.03f}, 0.025f);
        return join(std::min(top, bottom), back, 0.03f);
    }
    float pages(const Book& b, V q) const {
        return box(q + V{0, 0, 0.04f}, {b.w - 0.05f, b.h - 0.03f, b.d - 0.05f}, 0.01f);
    }
    float distance(V p) const override {
        float d = 9;
        for (auto& b : books) {
            float above = std::fabs(p.y - b.y - b.h) - b.h;
            if (above > d) continue;
            V q = own(b, p);
            d = std::min(d, std::min(cover(b, q), pages(b, q)));
        }
        return d;
    }
    Surface surface(V p) const override {
        Surface s;
        float best = 9;
        for (auto& b : books) {
            V q = own(b, p);
            float c = cover(b, q), l = pages(b, q);
            if (l < best) {
                best = l;
                float leaf = noise({q.x * 2, q.y * 170, q.z * 2});
                s = Surface{}, s.albedo = V{0.82f, 0.76f, 0.64f} * (0.72f + 0.35f * leaf), s.rough = 0.9f, s.coat = 0.02f;
            }
            if (c < best) {
                best = c;
                float thread = 0.86f + 0.14f * std::sin(q.x * 420) * std::sin((q.y + q.z) * 420) + 0.12f * (noise(q * 60) - 0.5f);
                s = Surface{}, s.albedo = b.cloth * thread, s.rough = 0.75f, s.coat = 0.03f;
                if (q.z > b.d - 0.02f && std::fabs(q.y) < b.h * 0.86f) {
                    float ax = std::fabs(q.x);
                    // Bands, and a title of gilt letters: blocks of irregular width.
                    bool band = std::fabs(ax - b.w * 0.82f) < 0.012f || std::fabs(ax - b.w * 0.77f) < 0.006f;
                    float at = q.x / b.h * 3.1f + 40;
                    bool letter = ax < b.w * 0.5f && std::fabs(q.y) < b.h * 0.3f
                        && at - std::floor(at) < 0.45f + 0.35f * cell((int)at, (int)(b.w * 99), 3)
                        && cell((int)at, (int)(b.w * 50), 9) > 0.18f
                        && noise({at * 2.3f, q.y / b.h * 4 + 9, b.w * 10}) > 0.36f;
                    if (band || letter) s.metal = 1, s.albedo = {0.86f, 0.68f, 0.38f}, s.rough = 0.34f;
                }
            }
        }
        return s;
    }
    float relief(V p) const override { return 0.0012f * noise(p * 90); }
};

struct Paperweight final : Scene {
    Paperweight() {
        name = "paperweight", clear = true, threeLights(*this, 9, 3, 6), paper = {0.16f, 0.18f, 0.21f};
        paperRough = 0.32f;
        camera = {{0.5f, 2.3f, 5.6f}, {0, 0.78f, 0}, 25, 0.05f};
        low = {-1.1f, 0, -1.1f}, high = {1.1f, 1.9f, 1.1f};
    }
    float dome(V p) const {
        V q = p - V{0, 0.86f, 0};
        return std::max(length(q) - 1, 0.012f - p.y);
    }
    /// Ribbons of coloured glass that wind around a bubble.
    float swirl(V p) const {
        V q = p - V{0, 0.8f, 0};
        float best = 9;
        for (int k = 0; k < 3; k++) {
            V t = turn(q, q.y * 2.6f + k * 2 * pi / 3);
            float r = 0.44f * std::sqrt(clamp(1 - q.y * q.y / 0.36f)) ;
            V c = t - V{r, 0, 0};
            best = std::min(best, (hypot2(c.x * 1.6f, c.z * 0.9f) - 0.11f) * 0.3f);
        }
        return std::max(best, std::fabs(q.y) - 0.5f);
    }
    float pearl(V p) const { return length(p - V{0, 0.8f, 0}) - 0.2f; }
    float distance(V p) const override {
        float d = dome(p);
        if (d > 0.05f) return d;
        float in = std::min(swirl(p), pearl(p));
        // Inside the glass the distance is to its skin or to what it holds.
        return std::fabs(d) < std::fabs(in) || d > 0 ? d : in;
    }
    Surface surface(V p) const override {
        Surface s;
        float w = swirl(p), b = pearl(p);
        if (std::min(std::fabs(w), std::fabs(b)) > std::fabs(dome(p))) {
            s.glass = true, s.index = 1.5f, s.absorb = {0.10f, 0.03f, 0.05f};
        } else if (b < w) {
            s.albedo = {0.92f, 0.86f, 0.74f}, s.rough = 0.2f, s.coat = 0.05f;
        } else {
            V q = turn(p, (p.y - 0.8f) * 2.6f);
            float a = std::atan2(q.z, q.x) / (2 * pi) * 3;
            int k = ((int)std::floor(a + 0.5f) % 3 + 3) % 3;
            V colour[] = {{0.80f, 0.16f, 0.10f}, {0.90f, 0.55f, 0.08f}, {0.06f, 0.42f, 0.55f}};
            s.albedo = colour[k] * (0.8f + 0.3f * fbm(p * 12)), s.rough = 0.3f;
        }
        return s;
    }
};

int main(int count, char** argument) {
    if (count < 6) {
        std::fprintf(stderr, "usage: products NAME WIDTH HEIGHT SAMPLES OUT.pam [cut]\n");
        return 64;
    }
    auto take = [&](auto scene) {
        if (scene.name != argument[1]) return false;
        shoot(scene, std::atoi(argument[2]), std::atoi(argument[3]), std::atoi(argument[4]),
            count > 6 && !std::strcmp(argument[6], "cut"), argument[5]);
        return true;
    };
    if (take(Mug{}) || take(Bowl{}) || take(Carafe{}) || take(Vase{}) || take(Stool{}) || take(Ball{})
        || take(Lamp{}) || take(Candle{}) || take(Globe{}) || take(Clock{}) || take(Books{})
        || take(Paperweight{}))
        return 0;
    std::fprintf(stderr, "products: no product is called %s\n", argument[1]);
    return 64;
}
