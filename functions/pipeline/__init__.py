"""What the functions share: a pure core (records, layouts, kinds, documents) and adapters at the edges."""
