#include "CPorticoOpenSSL.h"
