"""The files beside this one import each other, and those of other folders, by the names of folders: no package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
