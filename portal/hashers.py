"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id in OWASP's small profile: 19 MiB, two passes, one lane.

    Django's own profile (100 MiB, 8 lanes) allows ten logins a second on two cores; this one
    ninety-five, at a cost to the attacker that OWASP holds to be equal.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
