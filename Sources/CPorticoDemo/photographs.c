#include "CPorticoDemo.h"

// #embed is C23; clang has it in every mode and says so under -Wpedantic.
#pragma clang diagnostic ignored "-Wc23-extensions"

// The preprocessor takes #embed on a line of its own only, hence one block for each file.
static const uint8_t ball[] = {
#embed "photographs/ball.jpg"
};
static const uint8_t books[] = {
#embed "photographs/books.jpg"
};
static const uint8_t bowl[] = {
#embed "photographs/bowl.jpg"
};
static const uint8_t candle[] = {
#embed "photographs/candle.jpg"
};
static const uint8_t carafe[] = {
#embed "photographs/carafe.jpg"
};
static const uint8_t clock[] = {
#embed "photographs/clock.png"
};
static const uint8_t globe[] = {
#embed "photographs/globe.jpg"
};
static const uint8_t lamp[] = {
#embed "photographs/lamp.jpg"
};
static const uint8_t mug[] = {
#embed "photographs/mug.jpg"
};
static const uint8_t paperweight[] = {
#embed "photographs/paperweight.jpg"
};
static const uint8_t stool[] = {
#embed "photographs/stool.png"
};
static const uint8_t vase[] = {
#embed "photographs/vase.jpg"
};

#define JPEG(product) {#product ".jpg", "image/jpeg", product, sizeof product}
#define PNG(product) {#product ".png", "image/png", product, sizeof product}

static const struct portico_demo_photograph photographs[] = {
    JPEG(ball),   JPEG(books), JPEG(bowl), JPEG(candle),      JPEG(carafe), PNG(clock),
    JPEG(globe),  JPEG(lamp),  JPEG(mug),  JPEG(paperweight), PNG(stool),   JPEG(vase),
};

size_t portico_demo_photograph_count(void) {
    return sizeof photographs / sizeof photographs[0];
}

struct portico_demo_photograph portico_demo_photograph_at(size_t index) {
    return photographs[index];
}
