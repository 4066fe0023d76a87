"""What adapters show beyond messages: members, ballots, results, news, signing."""
