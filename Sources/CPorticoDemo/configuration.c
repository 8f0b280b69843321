#include "CPorticoDemo.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// The file at the top of the repository itself: no second copy that could differ.
static const uint8_t configuration[] = {
#embed "../../config.toml"
};

const uint8_t *portico_demo_configuration(size_t *length) {
    *length = sizeof configuration;
    return configuration;
}
