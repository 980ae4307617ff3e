# A participant's way: infusions, stops, transfers, mistakes.
