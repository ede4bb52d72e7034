/** Which address shows which page. They are those of Cruddur. */
import { Suspense, lazy } from "react";
import { BrowserRouter, Navigate, Route, Routes, useLocation, useParams } from "react-router";
import { useSession } from "./auth/session.ts";
import { HomePage } from "./pages/HomePage.tsx";
import { NotFoundPage } from "./pages/NotFoundPage.tsx";
import { ProfilePage } from "./pages/ProfilePage.tsx";
import { Shell } from "./parts/Shell.tsx";

// Each a part of the script of its own: who signs in needs no messages yet, and the other way round.
const AccountPages = lazy(() => import("./pages/account/AccountPages.tsx"));
const loadMessages = () => import("./messages/index.tsx");
const Messages = lazy(loadMessages);
if (location.pathname.startsWith("/messages")) void loadMessages();
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
        <Route path="/messages/*" element={<MessagesOrSignIn />} />
        <Route path="/:at" element={<AtHandle />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
      {["/signin", "/signup", "/confirm", "/recover"].map((path) => (
        <Route key={path} path={path} element={account} />
      ))}
    </Routes>
  </BrowserRouter>
);

function MessagesOrSignIn() {
  const session = useSession();
  const { pathname } = useLocation();
  if (session === "in") return <Suspense><Messages /></Suspense>;
  return <Navigate to="/signin" replace state={{ next: pathname, ended: session === "ended" }} />;
}

/** /@handle, which the router cannot spell. */
function AtHandle() {
  const { at = "" } = useParams();
  return at.startsWith("@") ? <ProfilePage key={at} handle={at.slice(1)} /> : <NotFoundPage />;
}
