"""What `make dist` makes: archives, wheelhouses, bills of materials."""
