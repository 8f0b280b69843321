#include "CPorticoDemo.h"
