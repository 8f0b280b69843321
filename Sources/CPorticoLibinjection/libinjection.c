#include "CPorticoLibinjection.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static int (*sqli)(const char *, size_t, char *);
static int (*xss)(const char *, size_t);
static bool is_open;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_library(void) {
    // Never closed: it stays for as long as the process may match.
    void *library = dlopen("libmodsecurity.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    void *first = dlsym(library, "libinjection_sqli"), *second = dlsym(library, "libinjection_xss");
    if (!first || !second) {
        dlclose(library);
        return;
    }
    // ISO C has no cast from an object's pointer to a function's.
    memcpy(&sqli, &first, sizeof sqli);
    memcpy(&xss, &second, sizeof xss);
    is_open = true;
}

bool portico_libinjection_open(void) {
    pthread_once(&once, open_library);
    return is_open;
}

bool portico_libinjection_sqli(const uint8_t *bytes, size_t count, char *fingerprint) {
    return sqli(bytes ? (const char *)bytes : "", count, fingerprint) == 1;
}

bool portico_libinjection_xss(const uint8_t *bytes, size_t count) {
    return xss(bytes ? (const char *)bytes : "", count) == 1;
}
