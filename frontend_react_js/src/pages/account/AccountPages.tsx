/** The pages for those who are not signed in yet. */
import { Link, useLocation } from "react-router";
import { ConfirmPage } from "./ConfirmPage.tsx";
import { RecoverPage } from "./RecoverPage.tsx";
import { SignInPage } from "./SignInPage.tsx";
import { SignUpPage } from "./SignUpPage.tsx";

const PAGES: Record<string, () => React.ReactNode> = {
  "/signin": SignInPage,
  "/signup": SignUpPage,
  "/confirm": ConfirmPage,
  "/recover": RecoverPage,
};

export default function AccountPages() {
  const Page = PAGES[useLocation().pathname] ?? SignInPage;
  return (
    <main className="account-page">
      <Link to="/" className="brand">
        <img src="/favicon.svg" alt="" width="40" height="40" />
        <span>Cruddur</span>
      </Link>
      <Page />
    </main>
  );
}
