/** The pages of messages: a part of the script of its own, for those who are signed in. */
import { Navigate, Route, Routes, useParams } from "react-router";
import { MessagesPage, NothingChosen } from "./MessagesPage.tsx";
import { NewMessagePage, NewMessageTo } from "./NewMessagePage.tsx";
import { NewGroupPage } from "./NewGroupPage.tsx";
import { ThreadPage } from "./ThreadPage.tsx";

export default function Messages() {
  return (
    <Routes>
      <Route element={<MessagesPage />}>
        <Route index element={<NothingChosen />} />
        <Route path="new" element={<NewMessagePage />} />
        <Route path="group" element={<NewGroupPage />} />
        <Route path="new/:handle" element={<NewMessageTo />} />
        <Route path=":message_group_uuid" element={<Conversation />} />
      </Route>
    </Routes>
  );
}

/** A message group, or @handle as Cruddur's own messages link to it. */
function Conversation() {
  const { message_group_uuid: place = "" } = useParams();
  if (place.startsWith("@")) return <Navigate to={`/messages/new/${place.slice(1)}`} replace />;
  return <ThreadPage key={place} place={place} />;
}
