import { Link } from "react-router";
import { itemsOf } from "../api/cache.ts";
import { useHome } from "../api/queries.ts";
import { useSession } from "../auth/session.ts";
import { MoreBelow } from "../parts/MoreBelow.tsx";
import { Failure, Notice, Waiting } from "../parts/small.tsx";
import { PostForm } from "./PostForm.tsx";
import { Posts } from "./Posts.tsx";

export function HomePage() {
  const isIn = useSession() === "in";
  return (
    <div className="column">
      <h1 className="page-title">Home</h1>
      {isIn ? <PostForm /> : <Welcome />}
      <Feed />
    </div>
  );
}

function Welcome() {
  return (
    <section className="welcome">
      <h2>Short posts, and messages that arrive.</h2>
      <p>Sign in to post, and to write to people.</p>
      <div className="actions">
        <Link to="/signin" className="button primary">
          Sign in
        </Link>
        <Link to="/signup" className="button">
          Create an account
        </Link>
      </div>
    </section>
  );
}

function Feed() {
  const feed = useHome();
  const posts = itemsOf(feed.data);
  if (feed.isPending) return <Waiting rows={5} className="post" />;
  if (feed.isError && !posts.length) return <Failure error={feed.error} retry={() => void feed.refetch()} />;
  if (!posts.length) return <Notice title="Nothing here yet">Posts of everybody appear here. Write the first.</Notice>;
  return (
    <>
      <Posts posts={posts} />
      <MoreBelow list={feed} />
    </>
  );
}
