#include "analysis/breakdown.h"
