"""What is locked for whom, behind one face; the chains are behind it."""
