/** Posts of the feed, one under the other. */
import { Link } from "react-router";
import type { Activity } from "../api/types.ts";
import { Ago, Avatar, LinkedText } from "../parts/small.tsx";

export function Posts({ posts }: { posts: Activity[] }) {
  return (
    <ol className="posts">
      {posts.map((post) => (
        <li key={post.uuid}>
          <Post post={post} />
        </li>
      ))}
    </ol>
  );
}

function Post({ post }: { post: Activity }) {
  return (
    <article className="post">
      <Avatar name={post.display_name} of={post.handle} />
      <div>
        <header>
          <Link to={`/@${post.handle}`} className="author">
            <b>{post.display_name}</b> <span className="muted">@{post.handle}</span>
          </Link>
          <span className="muted">
            <Ago at={post.created_at} />
          </span>
        </header>
        <p className="text">
          <LinkedText text={post.message} />
        </p>
      </div>
    </article>
  );
}
