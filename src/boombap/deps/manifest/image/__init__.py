"""What is installed in an unpacked image: packages of npm, programs of Go, packages of the operating system."""
