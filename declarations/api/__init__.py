"""What programs may ask of declarations and of the law, by subject."""
