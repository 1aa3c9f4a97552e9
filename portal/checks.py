"""The portal's own system checks: what would break a promise quietly is refused at the start."""
