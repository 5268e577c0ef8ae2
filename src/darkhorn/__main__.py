"""``python -m darkhorn`` is the command ``darkhorn``."""

from darkhorn.cli.app import main

if __name__ == "__main__":
    main()
