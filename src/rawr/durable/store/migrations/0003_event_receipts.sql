-- How often an event was received: a sender that repeats a request is listed again, as Inngest does.
ALTER TABLE events ADD COLUMN receipts INTEGER NOT NULL DEFAULT 1;
