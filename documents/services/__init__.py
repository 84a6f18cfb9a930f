"""What is done to content. Each service is one verb on one noun, checked and atomic."""
