// A small photo studio: a path tracer over signed distances, with a thin-lens camera, softboxes and
// a paper backdrop that curves from the floor into the wall. Scenes stand in products.cpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

struct V {
    float x = 0, y = 0, z = 0;
};
inline V operator+(V a, V b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline V operator-(V a, V b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline V operator*(V a, V b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline V operator*(V a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline V operator-(V a) { return {-a.x, -a.y, -a.z}; }
inline float dot(V a, V b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline float length(V a) { return std::sqrt(dot(a, a)); }
inline V unit(V a) { return a * (1 / length(a)); }
inline V cross(V a, V b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float clamp(float v, float lo = 0, float hi = 1) { return v < lo ? lo : v > hi ? hi : v; }
inline float mix(float a, float b, float t) { return a + (b - a) * t; }
inline V mix(V a, V b, float t) { return a + (b - a) * t; }
inline float step(float lo, float hi, float v) {
    float t = clamp((v - lo) / (hi - lo));
    return t * t * (3 - 2 * t);
}
constexpr float pi = 3.14159265f;

// --- Shapes -----------------------------------------------------------------------------------

inline float hypot2(float a, float b) { return std::sqrt(a * a + b * b); }
inline float box(V p, V half, float round) {
    V q{std::fabs(p.x) - half.x + round, std::fabs(p.y) - half.y + round,
        std::fabs(p.z) - half.z + round};
    V o{std::max(q.x, 0.f), std::max(q.y, 0.f), std::max(q.z, 0.f)};
    return length(o) + std::min(std::max(q.x, std::max(q.y, q.z)), 0.f) - round;
}
/// A disc around the y axis.
inline float disc(V p, float radius, float half, float round) {
    float a = hypot2(p.x, p.z) - radius + round, b = std::fabs(p.y) - half + round;
    return std::min(std::max(a, b), 0.f) + hypot2(std::max(a, 0.f), std::max(b, 0.f)) - round;
}
inline float torus(V p, float radius, float tube) {
    return hypot2(hypot2(p.x, p.z) - radius, p.y) - tube;
}
/// A rod from a to b whose radius goes from ra to rb.
inline float rod(V p, V a, V b, float ra, float rb) {
    V pa = p - a, ba = b - a;
    float h = clamp(dot(pa, ba) / dot(ba, ba));
    return length(pa - ba * h) - mix(ra, rb, h);
}
inline float join(float a, float b, float k) {
    float h = std::max(k - std::fabs(a - b), 0.f) / k;
    return std::min(a, b) - h * h * k * 0.25f;
}
inline V turn(V p, float angle) {
    float c = std::cos(angle), s = std::sin(angle);
    return {c * p.x + s * p.z, p.y, c * p.z - s * p.x};
}

/// A turned shape: a closed outline in (radius, height), smoothed, kept as a grid of distances.
struct Lathe {
    static constexpr int n = 512;
    float r1, y0, y1, cr, cy;
    std::vector<float> grid;

    explicit Lathe(std::vector<std::pair<float, float>> points, bool smooth = true) {
        std::vector<std::pair<float, float>> line;
        int count = (int)points.size();
        for (int i = 0; i < count; i++) {
            auto at = [&](int k) { return points[std::clamp(k, 0, count - 1)]; };
            auto a = at(i - 1), b = at(i), c = at(i + 1), d = at(i + 2);
            int pieces = smooth && i + 1 < count ? 14 : 1;
            for (int k = 0; k < pieces; k++) {
                float t = k / (float)pieces, t2 = t * t, t3 = t2 * t;
                auto curve = [&](float a, float b, float c, float d) {
                    return 0.5f * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t2
                        + (3 * b - a - 3 * c + d) * t3);
                };
                line.push_back({std::max(0.f, curve(a.first, b.first, c.first, d.first)),
                    curve(a.second, b.second, c.second, d.second)});
            }
        }
        r1 = 0, y0 = 1e9, y1 = -1e9;
        for (auto [r, y] : line) r1 = std::max(r1, r), y0 = std::min(y0, y), y1 = std::max(y1, y);
        r1 += 0.15f, y0 -= 0.15f, y1 += 0.15f;
        cr = r1 / (n - 1), cy = (y1 - y0) / (n - 1);
        grid.resize(n * n);
        for (int j = 0; j < n; j++)
            for (int i = 0; i < n; i++) {
                float r = i * cr, y = y0 + j * cy, best = 1e9;
                bool inside = false;
                for (size_t k = 0; k < line.size(); k++) {
                    auto [ax, ay] = line[k];
                    auto [bx, by] = line[(k + 1) % line.size()];
                    float ex = bx - ax, ey = by - ay, px = r - ax, py = y - ay;
                    float h = clamp((px * ex + py * ey) / std::max(ex * ex + ey * ey, 1e-12f));
                    // An edge along the axis is inside the body, not a surface of it.
                    if (ax > 1e-4f || bx > 1e-4f)
                        best = std::min(best, hypot2(px - ex * h, py - ey * h));
                    if ((ay > y) != (by > y) && r < ex * (y - ay) / ey + ax) inside = !inside;
                }
                grid[j * n + i] = inside ? -best : best;
            }
    }
    float at(V p) const { return at(hypot2(p.x, p.z), p.y); }
    float at(float r, float y) const {
        if (!(r < 1e4f && std::fabs(y) < 1e4f)) return 1;
        float rr = clamp(r, 0, r1 - cr * 1.01f), yy = clamp(y, y0, y1 - cy * 1.01f);
        float away = hypot2(r - rr, y - yy);
        float u = rr / cr, v = (yy - y0) / cy;
        int i = (int)u, j = (int)v;
        u -= i, v -= j;
        const float* g = &grid[j * n + i];
        return mix(mix(g[0], g[1], u), mix(g[n], g[n + 1], u), v) + away;
    }
};

// --- Textures ---------------------------------------------------------------------------------

inline uint32_t hash(uint32_t x) {
    x ^= x >> 16, x *= 0x7feb352dU, x ^= x >> 15, x *= 0x846ca68bU;
    return x ^ x >> 16;
}
inline float cell(int x, int y, int z) {
    return (hash(x * 0x9E3779B1u ^ hash(y * 0x85EBCA77u ^ hash(z * 0xC2B2AE3Du))) >> 8) / 16777216.f;
}
inline float noise(V p) {
    float fx = std::floor(p.x), fy = std::floor(p.y), fz = std::floor(p.z);
    int x = (int)fx, y = (int)fy, z = (int)fz;
    float u = p.x - fx, v = p.y - fy, w = p.z - fz;
    u = u * u * (3 - 2 * u), v = v * v * (3 - 2 * v), w = w * w * (3 - 2 * w);
    auto row = [&](int b, int c) { return mix(cell(x, y + b, z + c), cell(x + 1, y + b, z + c), u); };
    return mix(mix(row(0, 0), row(1, 0), v), mix(row(0, 1), row(1, 1), v), w);
}
inline float fbm(V p, int octaves = 4) {
    float sum = 0, gain = 0.5f;
    for (int i = 0; i < octaves; i++) sum += gain * noise(p), p = p * 2.03f + V{7, 3, 5}, gain *= 0.5f;
    return sum;
}
/// Wood whose rings lie around the z axis; long fibres along it.
inline V wood(V p, V light, V dark) {
    V q{p.x, p.y, p.z * 0.12f};
    float r = hypot2(q.x, q.y) * 9 + 2.2f * fbm(q * 2.2f) + 0.35f * noise(q * 14);
    float ring = r - std::floor(r);
    float late = step(0.25f, 0.9f, ring) * (1 - step(0.93f, 1.f, ring));
    float fibre = noise({p.x * 70, p.y * 70, p.z * 2.5f});
    return mix(light, dark, clamp(0.15f + 0.6f * late + 0.35f * (fibre - 0.5f)));
}

// --- What a scene tells -----------------------------------------------------------------------

struct Surface {
    V albedo{0.8f, 0.8f, 0.8f};
    float rough = 0.5f;
    float metal = 0;
    float coat = 0.04f;  // reflectance at normal incidence
    V emit{};
    bool glass = false;
    V absorb{};  // per unit of length, inside glass
    float index = 1.5f;
};
struct Softbox {
    V centre, u, v;  // half axes
    V power;
};
struct Bulb {
    V centre;
    float radius;
    V power;
};
struct Camera {
    V eye{0, 1.6f, 6}, aim{0, 0.9f, 0};
    float view = 30;      // degrees, vertical
    float aperture = 0.05f;
    float focus = 0;      // 0: half a unit before the aim
};
struct Scene {
    std::string name;
    Camera camera;
    V paper{0.8f, 0.78f, 0.75f};
    float paperRough = 1;      // below 1 the table is polished
    std::vector<Softbox> boxes;
    std::vector<Bulb> bulbs;
    V sky{0.16f, 0.165f, 0.175f};
    float exposure = 1;
    V low{-1.5f, 0, -1.5f}, high{1.5f, 3, 1.5f};  // bounds of the product
    bool clear = false;        // whether anything in it is glass
    float depth = 4;           // where the backdrop begins to rise, behind the product

    virtual ~Scene() = default;
    virtual float distance(V p) const = 0;
    virtual Surface surface(V p) const = 0;
    /// Fine relief, only for normals.
    virtual float relief(V) const { return 0; }
};

inline Softbox softbox(V centre, V aim, float w, float h, V power) {
    V n = unit(aim - centre), u = unit(cross(n, std::fabs(n.y) > 0.95f ? V{0, 0, 1} : V{0, 1, 0}));
    return {centre, u * w, cross(u, n) * h, power};
}

// --- The tracer -------------------------------------------------------------------------------

struct Random {
    uint64_t state;
    uint32_t pixel, sample, used = 0;
    /// The first numbers of a path come from an additive sequence, which spreads evenly over the
    /// samples of a pixel; later ones are plain random.
    float next() {
        static const double alpha[] = {0.8566749, 0.7338918, 0.6287067, 0.5385972, 0.4614026,
            0.3952718, 0.3386194, 0.2900866, 0.2485098, 0.2128920, 0.1823791, 0.1562395};
        if (used < 12) {
            double v = hash(pixel * 12 + used) / 4294967296.0 + (sample + 1) * alpha[used];
            used++;
            return (float)std::min(v - std::floor(v), 0.9999999);
        }
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        uint32_t x = (uint32_t)(((state >> 18u) ^ state) >> 27u), r = state >> 59u;
        return ((x >> r | x << (-r & 31)) >> 8) / 16777216.f;
    }
};

template <class S> struct Studio {
    const S& scene;

    float march(V o, V d, float limit) const {
        float t0 = 0, t1 = limit;
        const float ov[] = {o.x, o.y, o.z}, dv[] = {d.x, d.y, d.z};
        const float lv[] = {scene.low.x, scene.low.y, scene.low.z};
        const float hv[] = {scene.high.x, scene.high.y, scene.high.z};
        for (int k = 0; k < 3; k++) {
            float i = 1 / (std::fabs(dv[k]) < 1e-9f ? 1e-9f : dv[k]);
            float a = (lv[k] - ov[k]) * i, b = (hv[k] - ov[k]) * i;
            t0 = std::max(t0, std::min(a, b)), t1 = std::min(t1, std::max(a, b));
        }
        if (t0 >= t1) return -1;
        float t = t0;
        for (int i = 0; i < 220 && t < t1; i++) {
            float s = std::fabs(scene.distance(o + d * t));
            if (s < 0.0003f + 0.0001f * t) return t;
            t += s * 0.95f;
        }
        return -1;
    }
    V normal(V p, bool fine) const {
        const float e = 0.003f;
        auto f = [&](V q) { return fine ? scene.distance(q) + scene.relief(q) : scene.distance(q); };
        V a{1, -1, -1}, b{-1, -1, 1}, c{-1, 1, -1}, g{1, 1, 1};
        V n = a * f(p + a * e) + b * f(p + b * e) + c * f(p + c * e) + g * f(p + g * e);
        // On a ridge between two distances the slope may vanish.
        return dot(n, n) > 1e-12f ? unit(n) : V{0, 1, 0};
    }
    /// The backdrop: floor, a quarter of a cylinder, wall.
    float backdrop(V o, V d, V& n) const {
        const float bend = 3, z0 = -scene.depth;
        float best = -1;
        if (d.y < -1e-6f) {
            float t = -o.y / d.y;
            if (t > 1e-4f && o.z + d.z * t > z0) best = t, n = {0, 1, 0};
        }
        if (best < 0 && d.z < -1e-6f) {
            float oy = o.y - bend, oz = o.z - z0;
            float a = d.y * d.y + d.z * d.z, b = oy * d.y + oz * d.z, c = oy * oy + oz * oz - bend * bend;
            float q = b * b - a * c;
            if (q > 0) {
                float t = (-b + std::sqrt(q)) / a;
                V p = o + d * t;
                if (t > 1e-4f && p.y < bend && p.z < z0)
                    best = t, n = unit(V{0, bend - p.y, z0 - p.z});
            }
            if (best < 0) {
                float w = (z0 - bend - o.z) / d.z;
                if (w > 1e-4f && o.y + d.y * w >= bend) best = w, n = {0, 0, 1};
            }
        }
        return best;
    }
    V lamps(V o, V d) const {
        V sum = scene.sky * (0.6f + 0.4f * d.y);
        for (auto& b : scene.boxes) {
            V n = unit(cross(b.u, b.v));
            float k = dot(d, n);
            if (std::fabs(k) < 1e-5f) continue;
            float t = dot(b.centre - o, n) / k;
            if (t <= 0) continue;
            V q = o + d * t - b.centre;
            float a = dot(q, b.u) / dot(b.u, b.u), c = dot(q, b.v) / dot(b.v, b.v);
            if (std::fabs(a) < 1 && std::fabs(c) < 1) {
                // Brighter in the middle, as a real softbox is.
                float fall = 1 - 0.35f * (a * a + c * c) * 0.5f;
                sum = sum + b.power * fall;
            }
        }
        return sum;
    }
    /// How much light passes from p to q. Glass dims it a little and bends nothing.
    V passage(V p, V q, float gap) const {
        V d = q - p;
        float far = length(d);
        d = d * (1 / far);
        V through{1, 1, 1};
        float t = 0, end = far - gap;
        for (int k = 0; k < 6; k++) {
            float s = march(p + d * t, d, end - t);
            if (s < 0) return through;
            if (!scene.clear) return {};
            t += s;
            Surface it = scene.surface(p + d * t);
            if (!it.glass) return {};
            V a{std::exp(-it.absorb.x * 0.05f), std::exp(-it.absorb.y * 0.05f),
                std::exp(-it.absorb.z * 0.05f)};
            through = through * a * 0.92f;
            t += 0.02f;
        }
        return through;
    }
    /// Light that arrives at p straight from the lamps: from each of them, or, for the later bounces
    /// of a path, from one drawn at random.
    V direct(V p, V n, Random& random, bool all) const {
        int count = (int)(scene.boxes.size() + scene.bulbs.size());
        if (!all) return from(std::min((int)(random.next() * count), count - 1), p, n, random) * count;
        V sum{};
        for (int k = 0; k < count; k++) sum = sum + from(k, p, n, random);
        return sum;
    }
    V from(int lamp, V p, V n, Random& random) const {
        if (lamp < (int)scene.boxes.size()) {
            const Softbox& b = scene.boxes[lamp];
            float a = random.next() * 2 - 1, c = random.next() * 2 - 1;
            V q = b.centre + b.u * a + b.v * c, d = q - p;
            float r2 = dot(d, d), cosine = dot(d, n);
            if (cosine <= 0) return {};
            V ln = unit(cross(b.u, b.v));
            float area = 4 * length(b.u) * length(b.v);
            float k = std::fabs(dot(d, ln)) * cosine / (r2 * r2) * area / pi;
            float fall = 1 - 0.35f * (a * a + c * c) * 0.5f;
            return b.power * passage(p, q, 0.01f) * (k * fall);
        }
        const Bulb& b = scene.bulbs[lamp - scene.boxes.size()];
        V jitter{random.next() * 2 - 1, random.next() * 2 - 1, random.next() * 2 - 1};
        V q = b.centre + jitter * b.radius, d = q - p;
        float r2 = std::max(dot(d, d), 0.02f), cosine = dot(d, n);
        if (cosine <= 0) return {};
        return b.power * passage(p, q, b.radius * 1.8f) * (cosine / (r2 * std::sqrt(r2)));
    }
    static V around(V n, float a, float b) {
        float r = std::sqrt(a), f = 2 * pi * b;
        V t = unit(std::fabs(n.x) > 0.7f ? cross(n, {0, 1, 0}) : cross(n, {1, 0, 0})), u = cross(n, t);
        return unit(t * (r * std::cos(f)) + u * (r * std::sin(f)) + n * std::sqrt(std::max(0.f, 1 - a)));
    }
    static V facet(V n, float rough, float a, float b) {
        float al = rough * rough, c = std::sqrt((1 - a) / (1 + (al * al - 1) * a));
        float s = std::sqrt(std::max(0.f, 1 - c * c)), f = 2 * pi * b;
        V t = unit(std::fabs(n.x) > 0.7f ? cross(n, {0, 1, 0}) : cross(n, {1, 0, 0})), u = cross(n, t);
        return t * (s * std::cos(f)) + u * (s * std::sin(f)) + n * c;
    }

    /// Caustics of small bright lamps would need far more samples than a photograph has; what a
    /// diffuse surface gets by such a detour is capped instead.
    static V dim(V l, float cap) {
        return {std::min(l.x, cap), std::min(l.y, cap), std::min(l.z, cap)};
    }

    V trace(V o, V d, Random& random, bool& onProduct) const {
        V sum{}, weight{1, 1, 1};
        bool mirror = false;
        int diffuse = 0;
        for (int depth = 0; depth < 12; depth++) {
            V bn;
            float tb = backdrop(o, d, bn), tp = march(o, d, tb > 0 ? tb : 40.f);
            if (depth == 0) onProduct = tp > 0;
            if (tb < 0 && tp < 0) {
                V light = mirror ? lamps(o, d) : scene.sky * (0.6f + 0.4f * d.y);
                return sum + weight * dim(light, diffuse ? 0.8f : 40.f);
            }
            V p, n;
            Surface s;
            if (tp > 0) {
                p = o + d * tp, s = scene.surface(p), n = normal(p, diffuse == 0);
            } else {
                p = o + d * tb, n = bn;
                float fine = 0.97f + 0.06f * noise(p * 60);
                s.albedo = scene.paper * fine, s.rough = std::min(scene.paperRough, 1.f);
                s.coat = scene.paperRough < 1 ? 0.04f : 0;
                // A softbox in front of the backdrop is seen in mirrors only.
                if (mirror) {
                    V l = lamps(o, d) - scene.sky * (0.6f + 0.4f * d.y);
                    if (l.x + l.y + l.z > 0) {
                        bool before = false;
                        for (auto& b : scene.boxes) {
                            V bnrm = unit(cross(b.u, b.v));
                            float t = dot(b.centre - o, bnrm) / dot(d, bnrm);
                            before |= t > 0 && t < tb;
                        }
                        if (before) return sum + weight * dim(l, diffuse ? 0.8f : 40.f);
                    }
                }
            }
            sum = sum + weight * dim(s.emit, diffuse ? 0.8f : 40.f);
            if (s.glass) {
                bool entering = dot(n, d) < 0;
                if (!entering) {
                    n = -n;
                    V a{std::exp(-s.absorb.x * tp), std::exp(-s.absorb.y * tp), std::exp(-s.absorb.z * tp)};
                    weight = weight * a;
                }
                float eta = entering ? 1 / s.index : s.index, c = -dot(n, d);
                float k = 1 - eta * eta * (1 - c * c), f0 = (s.index - 1) / (s.index + 1);
                f0 *= f0;
                float cc = entering ? c : std::sqrt(std::max(0.f, k));
                float fresnel = k < 0 ? 1 : f0 + (1 - f0) * std::pow(1 - cc, 5.f);
                if (random.next() < fresnel) {
                    d = unit(d + n * (2 * c)), o = p + n * 0.004f;
                } else {
                    d = unit(d * eta + n * (eta * c - std::sqrt(std::max(0.f, k)))), o = p - n * 0.004f;
                }
                mirror = true;
                continue;
            }
            if (dot(n, d) > 0) n = unit(n - d * (1.02f * dot(n, d)));
            V m = facet(n, s.rough, random.next(), random.next());
            if (dot(m, d) > 0) m = n;
            float c = std::max(0.f, -dot(m, d)), shlick = std::pow(1 - c, 5.f);
            if (s.metal > 0.5f) {
                V f = s.albedo + (V{1, 1, 1} - s.albedo) * shlick;
                d = unit(d + m * (2 * c));
                if (dot(d, n) <= 0) return sum;
                weight = weight * f, o = p + n * 0.003f, mirror = true;
                continue;
            }
            float fresnel = s.coat + (s.coat > 0 ? (1 - s.coat) * shlick * (1 - 0.75f * s.rough) : 0);
            // A glaze mirrors little, but what it mirrors is a lamp: look there more often than its
            // share, and count it for less.
            float often = diffuse || fresnel <= 0 ? fresnel : clamp(fresnel * 4, 0.2f, 0.6f);
            if (random.next() < often) {
                d = unit(d + m * (2 * c));
                if (dot(d, n) <= 0) return sum;
                weight = weight * (fresnel / often), o = p + n * 0.003f, mirror = true;
                continue;
            }
            weight = weight * s.albedo * ((1 - fresnel) / (1 - often));
            o = p + n * 0.003f;
            V l = direct(o, n, random, diffuse == 0);
            sum = sum + weight * dim(l, diffuse ? 2.5f : 40.f);
            if (++diffuse > 3) return sum;
            if (diffuse > 1) {
                float q = clamp(std::max(weight.x, std::max(weight.y, weight.z)), 0.1f, 0.95f);
                if (random.next() > q) return sum;
                weight = weight * (1 / q);
            }
            d = around(n, random.next(), random.next());
            mirror = false;
        }
        return sum;
    }
};

/// A gentle film curve (Hable's), then sRGB.
inline float develop(float v) {
    auto f = [](float x) {
        return (x * (0.22f * x + 0.03f) + 0.002f) / (x * (0.22f * x + 0.3f) + 0.06f) - 0.02f / 0.6f;
    };
    v = clamp(f(v * 2.5f) / f(6.5f));
    v = v <= 0.0031308f ? 12.92f * v : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f;
    return mix(v, v * v * (3 - 2 * v), 0.55f);
}

/// Renders to PAM, with alpha where `cutOut` leaves the backdrop away.
template <class S>
void shoot(const S& scene, int w, int h, int samples, bool cutOut, const char* path) {
    Studio<S> studio{scene};
    std::vector<uint8_t> out((size_t)w * h * 4);
    const Camera& cam = scene.camera;
    V front = unit(cam.aim - cam.eye), right = unit(cross(front, {0, 1, 0})), up = cross(right, front);
    // By default sharp at the front of the product, not in its middle.
    float focus = cam.focus > 0 ? cam.focus : length(cam.aim - cam.eye) - 0.5f;
    float tall = std::tan(cam.view * pi / 360) * focus, wide = tall * w / h;
    std::atomic<int> line{0};
    auto work = [&] {
        for (int y; (y = line++) < h;)
            for (int x = 0; x < w; x++) {
                V sum{};
                float cover = 0, mean = 0, spread = 0;
                int taken = 0;
                uint32_t id = hash((uint32_t)(y * w + x));
                for (int k = 0; k < samples; k++, taken++) {
                    // Calm pixels are done early; the time goes to edges, glass and soft shadows.
                    if (k >= 16 && k % 4 == 0 && spread < k * k * 0.00007f && (cover == 0 || cover == k || !cutOut)) break;
                    Random random{((uint64_t)id << 32) + k * 7919u + 1, id, (uint32_t)k};
                    random.next(), random.state ^= hash(k + 17);
                    auto tent = [](float a) {
                        return a < 0.5f ? std::sqrt(2 * a) - 1 : 1 - std::sqrt(2 - 2 * a);
                    };
                    float sx = ((x + 0.5f + tent(random.next())) / w * 2 - 1) * wide;
                    float sy = (1 - (y + 0.5f + tent(random.next())) / h * 2) * tall;
                    float r = std::sqrt(random.next()) * cam.aperture, a = random.next() * 2 * pi;
                    V o = cam.eye + right * (r * std::cos(a)) + up * (r * std::sin(a));
                    V q = cam.eye + front * focus + right * sx + up * sy;
                    bool onProduct = false;
                    V l = studio.trace(o, unit(q - o), random, onProduct);
                    if (!(l.x + l.y + l.z < 1e6f)) continue;
                    l = {std::min(l.x, 12.f), std::min(l.y, 12.f), std::min(l.z, 12.f)};
                    if (!cutOut || onProduct) sum = sum + l, cover += 1;
                    float grey = develop((l.x + l.y + l.z) / 3 * scene.exposure), off = grey - mean;
                    mean += off / (k + 1), spread += off * (grey - mean);
                }
                V v = sum * (scene.exposure / std::max(cover, 1.f));
                float u = (x + 0.5f) / w * 2 - 1, t = (y + 0.5f) / h * 2 - 1;
                float vignette = cutOut ? 1 : 1 - 0.13f * (u * u + t * t) * 0.5f;
                float grain = 0;
                if (!cutOut)
                    for (int k = 0; k < 3; k++) grain += hash(id * 3 + k) / 4294967296.f - 0.5f;
                uint8_t* px = &out[((size_t)y * w + x) * 4];
                float c[] = {v.x, v.y, v.z};
                for (int k = 0; k < 3; k++) {
                    float dither = hash(id ^ (k + 5)) / 4294967296.f;
                    px[k] = (uint8_t)clamp(develop(c[k] * vignette) * 255 + grain * 2.0f + dither, 0, 255);
                }
                px[3] = (uint8_t)std::lround(255 * cover / taken);
                if (!cutOut) px[3] = 255;
                if (px[3] == 0) px[0] = px[1] = px[2] = 0;
            }
    };
    std::vector<std::thread> crew;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); i++) crew.emplace_back(work);
    for (auto& t : crew) t.join();
    FILE* file = std::fopen(path, "wb");
    if (!file) std::perror(path), std::exit(2);
    std::fprintf(file, "P7\nWIDTH %d\nHEIGHT %d\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n", w, h);
    std::fwrite(out.data(), 1, out.size(), file);
    std::fclose(file);
}
