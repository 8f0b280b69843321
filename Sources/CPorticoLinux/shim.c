#include "CPorticoLinux.h"
