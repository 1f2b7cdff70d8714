"""Layouts: the shapes in which programs write a record. One file each: how its head is read, or its members named."""
