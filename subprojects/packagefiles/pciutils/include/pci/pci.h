#include "../../lib/pci.h"
