#include "CPorticoDemo.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// The file at the top of the repository itself: no second copy that could differ.
static const uint8_t configuration[] = {
#embed "../../config.toml"
};

// The rules that it names, likewise.
static const uint8_t main_rules[] = {
#embed "../../rules/main.conf"
};
static const uint8_t protocol_rules[] = {
#embed "../../rules/protocol.conf"
};
static const uint8_t paths_rules[] = {
#embed "../../rules/paths.conf"
};
static const uint8_t sql_rules[] = {
#embed "../../rules/sql.conf"
};
static const uint8_t script_rules[] = {
#embed "../../rules/script.conf"
};
static const uint8_t code_rules[] = {
#embed "../../rules/code.conf"
};
static const uint8_t scanners_rules[] = {
#embed "../../rules/scanners.conf"
};
static const uint8_t uploads_rules[] = {
#embed "../../rules/uploads.conf"
};

static const struct portico_demo_file files[] = {
    {"rules/main.conf", main_rules, sizeof main_rules},
    {"rules/protocol.conf", protocol_rules, sizeof protocol_rules},
    {"rules/paths.conf", paths_rules, sizeof paths_rules},
    {"rules/sql.conf", sql_rules, sizeof sql_rules},
    {"rules/script.conf", script_rules, sizeof script_rules},
    {"rules/code.conf", code_rules, sizeof code_rules},
    {"rules/scanners.conf", scanners_rules, sizeof scanners_rules},
    {"rules/uploads.conf", uploads_rules, sizeof uploads_rules},
};

size_t portico_demo_file_count(void) { return sizeof files / sizeof files[0]; }

struct portico_demo_file portico_demo_file_at(size_t index) { return files[index]; }

const uint8_t *portico_demo_configuration(size_t *length) {
    *length = sizeof configuration;
    return configuration;
}
