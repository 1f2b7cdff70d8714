"""What the functions share: a pure core (records, formats, documents) and adapters at the edges."""
