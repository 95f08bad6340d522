"""`python -m regwatch` is `regwatch`."""

from regwatch.cli import main

if __name__ == "__main__":
    main(prog_name="regwatch")
