"""The pages of declarations: doors to the services, a module per subject."""
