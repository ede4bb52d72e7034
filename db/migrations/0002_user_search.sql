-- To find people by how a handle, a name, or a word of a name begins. "C" is the order of the bytes, in which all that
-- begins alike stands together.
CREATE INDEX users_by_handle ON users (lower(handle) COLLATE "C");
CREATE INDEX users_by_name ON users (lower(display_name) COLLATE "C");
CREATE INDEX users_by_word ON users USING gin (to_tsvector('simple', display_name));
