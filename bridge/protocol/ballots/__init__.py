"""Ballots: the arithmetic, the ballot, the signed votes, and the certificate that a batch carries."""
