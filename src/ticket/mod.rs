//! What a message means to a ticket; pure decisions and the mail they lead to.
