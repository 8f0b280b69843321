#include "CPorticoTOML.h"
