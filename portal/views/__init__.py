"""The pages of the portal: doors to its services, without a decision of their own."""
