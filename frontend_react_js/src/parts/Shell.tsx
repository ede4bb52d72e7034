/** What is around every page: the way to the others, and who is signed in. */
import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet, useLocation, useMatch, useNavigate } from "react-router";
import { itemsOf, unreadIn } from "../api/cache.ts";
import { useGroups } from "../api/queries.ts";
import { leaveToOthers, useSession } from "../auth/session.ts";
import { Icon, type IconName } from "./Icon.tsx";
import { Menu } from "./Menu.tsx";
import { SignedInProvider, useSignedIn } from "./SignedIn.tsx";
import { Avatar, Badge } from "./small.tsx";

export function Shell() {
  return (
    <SignedInProvider>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Frame />
    </SignedInProvider>
  );
}

function Frame() {
  const isIn = useSession() === "in";
  const { data } = useGroups(isIn);
  const unread = unreadIn(itemsOf(data));
  const isThread = Boolean(useMatch("/messages/*")?.params["*"]);
  useTitle(unread);
  return (
    <div className={isThread ? "frame frame-thread" : "frame"}>
      <header className="rail">
        <Link to="/" className="brand">
          <img src="/favicon.svg" alt="" width="32" height="32" />
          <span>Cruddur</span>
        </Link>
        <nav aria-label="Pages">
          <Way to="/" icon="home" text="Home" />
          <Way to="/messages" icon="messages" text="Messages" badge={<Badge count={unread} label="unread messages" />} />
          <Own isIn={isIn} />
        </nav>
        {isIn && <Account />}
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function Way({ to, icon, text, badge }: { to: string; icon: IconName; text: string; badge?: React.ReactNode }) {
  return (
    <NavLink to={to} end={to === "/"} className="way">
      <Icon name={icon} />
      <span className="way-text">{text}</span>
      {badge}
    </NavLink>
  );
}

function Own({ isIn }: { isIn: boolean }) {
  const signedIn = useSignedIn();
  if (!isIn) return <Way to="/signin" icon="enter" text="Sign in" />;
  return <Way to={signedIn ? `/@${signedIn.me.handle}` : "/"} icon="person" text="Profile" />;
}

function Account() {
  const signedIn = useSignedIn();
  const navigate = useNavigate();
  const me = signedIn?.me;
  const signOut = async () => (await import("../auth/account.ts")).signOut().then(() => navigate("/signin"));
  const other = () => {
    leaveToOthers();
    void navigate("/signin");
  };
  return (
    <Menu
      label="Account"
      className="account"
      button={
        <>
          <Avatar name={me?.display_name ?? ""} of={me?.handle ?? ""} />
          <span className="account-name">
            <b>{me?.display_name}</b>
            <small>{me && `@${me.handle}`}</small>
          </span>
        </>
      }
      items={[
        { text: "Somebody else in this window", act: other },
        { text: "Sign out", act: () => void signOut() },
      ]}
    />
  );
}

/** The title says how much is unread; after a change of page, a screen reader begins at the page. */
function useTitle(unread: number) {
  const { pathname } = useLocation();
  const section = pathname.startsWith("/messages") ? "Messages" : pathname.startsWith("/@") ? pathname.slice(1) : "Home";
  useEffect(() => {
    document.title = `${unread ? `(${unread}) ` : ""}${section} · Cruddur`;
  }, [unread, section]);
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    window.scrollTo(0, 0);
    if (document.activeElement === document.body) document.getElementById("main")?.focus();
  }, [pathname]);
}
