"""One module for each group of transactions; importing this package registers all of them."""
