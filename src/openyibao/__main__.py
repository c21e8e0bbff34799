"""`python -m openyibao` is the command `yibao`."""

from openyibao.cli import main

main()
