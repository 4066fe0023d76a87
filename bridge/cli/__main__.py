"""`python -m bridge.cli`, for processes that the demo starts."""

from bridge.cli.main import main

if __name__ == "__main__":
    main()
