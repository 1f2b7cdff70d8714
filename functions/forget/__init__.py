"""The right to be forgotten: a person's records are removed from all that Trilog keeps (`trilog forget`)."""
