"""Parts of a user, outside the package."""
