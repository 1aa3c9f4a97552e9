"""The demonstration: made-up agents and a made-up core system. It is refused in production."""
