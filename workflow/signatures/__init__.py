"""Step 5: invitations, the signer's checks, the act of signing, and what it rests on."""
