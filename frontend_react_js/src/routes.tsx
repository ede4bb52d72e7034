/** Which address shows which page. They are those of Cruddur. */
import { Suspense, lazy } from "react";
import { BrowserRouter, Navigate, Outlet, Route, Routes, useLocation, useParams } from "react-router";
import { useSession } from "./auth/session.ts";
import { HomePage } from "./pages/HomePage.tsx";
import { NotFoundPage } from "./pages/NotFoundPage.tsx";
import { ProfilePage } from "./pages/ProfilePage.tsx";
import { MessagesPage, NothingChosen } from "./messages/MessagesPage.tsx";
import { NewMessagePage, NewMessageTo } from "./messages/NewMessagePage.tsx";
import { ThreadPage } from "./messages/ThreadPage.tsx";
import { Shell } from "./parts/Shell.tsx";

// Signing in is a part of the script of its own, loaded when it is needed.
const AccountPages = lazy(() => import("./pages/account/AccountPages.tsx"));
const account = (
  <Suspense>
    <AccountPages />
  </Suspense>
);

export const App = () => (
  <BrowserRouter>
    <Routes>
      <Route element={<Shell />}>
        <Route path="/" element={<HomePage />} />
        <Route element={<OnlySignedIn />}>
          <Route path="/messages" element={<MessagesPage />}>
            <Route index element={<NothingChosen />} />
            <Route path="new" element={<NewMessagePage />} />
            <Route path="new/:handle" element={<NewMessageTo />} />
            <Route path=":message_group_uuid" element={<Conversation />} />
          </Route>
        </Route>
        <Route path="/:at" element={<AtHandle />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
      {["/signin", "/signup", "/confirm", "/recover"].map((path) => (
        <Route key={path} path={path} element={account} />
      ))}
    </Routes>
  </BrowserRouter>
);

function OnlySignedIn() {
  const session = useSession();
  const { pathname } = useLocation();
  if (session === "in") return <Outlet />;
  return <Navigate to="/signin" replace state={{ next: pathname, ended: session === "ended" }} />;
}

/** /@handle, which the router cannot spell. */
function AtHandle() {
  const { at = "" } = useParams();
  return at.startsWith("@") ? <ProfilePage key={at} handle={at.slice(1)} /> : <NotFoundPage />;
}

/** A message group, or @handle as Cruddur's own messages link to it. */
function Conversation() {
  const { message_group_uuid: place = "" } = useParams();
  if (place.startsWith("@")) return <Navigate to={`/messages/new/${place.slice(1)}`} replace />;
  return <ThreadPage key={place} place={place} />;
}
