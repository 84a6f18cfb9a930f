"""What is done with questions. Each service is one verb on one noun, checked and atomic."""
