"""What a source file is made of: definitions, imports and branches, by grammar or by line rules."""
