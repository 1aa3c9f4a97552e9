"""Everything that writes what agents file. A module per subject."""
