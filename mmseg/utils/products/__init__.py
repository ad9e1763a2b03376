"""What commands make and others read: files with a header that says what they were made from."""
