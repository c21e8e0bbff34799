"""Who is where and may do what: the tree of places, pooling regions, roles within a subtree."""
