"""Bills are also made from the random policies and claims of `second`: the tests are no package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
