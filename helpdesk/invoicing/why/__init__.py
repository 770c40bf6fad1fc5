"""How every amount of an invoice came about: facts as they were stored, put together to be explained."""
