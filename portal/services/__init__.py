"""What the portal itself writes: one use case, one function, one transaction."""
